"""Gate: tools/features.txt has a line for every id that a test names."""
import subprocess
import sys

from _source import ROOT, breach, done

run = subprocess.run([sys.executable, ROOT / "tools/features", "--check"], text=True, capture_output=True)
for line in (run.stdout + run.stderr).splitlines():
    breach("tools/features.txt", 0, line)
if run.returncode and not run.stdout + run.stderr:
    breach("tools/features", 0, f"ended with {run.returncode}")
done()
