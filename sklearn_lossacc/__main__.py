"""Run the command line as ``python -m sklearn_lossacc``."""

from sklearn_lossacc.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
