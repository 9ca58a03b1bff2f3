"""Gate that only warns: files above 600 lines and functions above 80 want to be split."""
import re

from _source import ROOT, c_files, code_of, line_of, plain_code_of

FILE_LINES, FUNCTION_LINES = 600, 80
FUNCTION = re.compile(r"^[A-Za-z_][^;{}=#]*?\b(\w+)\([^;{}]*\)\s*\{", re.M)

for path in c_files("lib", suffixes=(".c",)):
    name, code = path.relative_to(ROOT), plain_code_of(path)
    lines = code_of(path).count("\n")
    if lines > FILE_LINES:
        print(f"{name}: {lines} lines")
    for match in FUNCTION.finditer(code):
        end = re.compile(r"^\}", re.M).search(code, match.end())
        length = line_of(code, end.start() if end else len(code)) - line_of(code, match.start()) + 1
        if length > FUNCTION_LINES:
            print(f"{name}:{line_of(code, match.start())}: {match[1]} has {length} lines")
for path in sorted((ROOT / "bindings").rglob("*.py")):
    lines = path.read_text().count("\n")
    if lines > FILE_LINES and not path.read_text()[:200].count("do not edit"):
        print(f"{path.relative_to(ROOT)}: {lines} lines")
