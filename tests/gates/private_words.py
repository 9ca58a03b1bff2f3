"""Gate: the project's files name nothing that belongs to one person's machine.

No paths of one machine, no hosts from which packages happened to come, no talk about how the text was
written.  The words are written in two halves, so that this file passes too.
"""
import re
import subprocess

from _source import ROOT, breach, done, line_of

WORDS = [
    r"/" r"work/", r"/" r"root/", r"/" r"home/\w+", r"/" r"Users/\w+", r"/" r"farm/",
    "shared/" "design", "shared/" "checklists", "shared/" "prototypes",
    r"\bsub" r"-?agents?\b", r"\bpro" r"mpts?\b", r"\blanguage mo" r"dels?\b", r"\bthe bri" r"ef\b",
    r"\bcha" r"tbots?\b", r"\bAI" r"-generated\b", r"\b[Cc]lau" r"de\b", r"\bGP" r"T-?\d", r"\bCo-Authored" r"-By\b",
    r"py" r"pi\.org", r"files\.python" r"hosted", r"registry\.np" r"mjs", r"proxy\.go" r"lang\.org",
    r"deb\.deb" r"ian\.org", r"\b(?:art" r"ifactory|nex" r"us)\b",
    r"\b1(?:0|92\.168|72\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2,3}:\d+",
]
PATTERN = re.compile("|".join(WORDS))
BUILT = {"build", ".git", "__pycache__", ".pytest_cache", ".mypy_cache", "dist"}


def files():
    """What git tracks or would track; without git every file that is not built."""
    run = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                         capture_output=True)
    if run.returncode == 0:
        return [ROOT / name.decode() for name in run.stdout.split(b"\0") if name]
    return [p for p in sorted(ROOT.rglob("*")) if p.is_file() and not BUILT & set(p.relative_to(ROOT).parts)]


for path in files():
    if not path.is_file():
        continue
    try:
        text = path.read_text()
    except UnicodeDecodeError:
        continue
    named = f"{path.relative_to(ROOT)}\n{text}"  # the name of the file is line 0
    for match in PATTERN.finditer(named):
        breach(path, line_of(named, match.start()) - 1, f"names {match[0]!r}")
done()
