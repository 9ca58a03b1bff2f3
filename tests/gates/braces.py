"""Gate: every body of if, else, for, while and do stands in braces."""
import re

from _source import breach, c_files, done, line_of, plain_code_of

HEAD = re.compile(r"\b(?:(if|for|while)\s*\(|(else|do)\b)")


def closing(code, at):
    """The place behind the parenthesis that closes the one at `at`."""
    depth = 0
    for match in re.compile(r"[()]").finditer(code, at):
        depth += 1 if match[0] == "(" else -1
        if depth == 0:
            return match.end()
    return len(code)


for path in c_files("lib", "include", "tests", "examples"):
    code = plain_code_of(path)
    for match in HEAD.finditer(code):
        word = match[1] or match[2]
        after = closing(code, match.end() - 1) if match[1] else match.end()
        rest = code[after:].lstrip()
        if rest.startswith("{") or word == "else" and re.match(r"if\b", rest):
            continue
        if word == "while" and rest.startswith(";") and re.search(r"\}\s*$", code[:match.start()]):
            continue  # do { } while (x);
        breach(path, line_of(code, match.start()), f"{word} without braces")
done()
