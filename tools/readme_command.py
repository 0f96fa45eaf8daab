"""Print the N-th shell command of README.md, so that what is checked is what is promised."""

import re
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def command(number: int) -> str:
    """Return the command of the N-th block marked sh; it must be a single line."""
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    line = blocks[number - 1].strip()
    if "\n" in line.replace("\\\n", " "):
        sys.exit(f"README.md: block {number} is more than one command line")
    return line


if __name__ == "__main__":
    print(command(int(sys.argv[1])))
