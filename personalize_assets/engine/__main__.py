"""``python -m personalize_assets.engine`` is the same command line as ``personalize-local``."""

from personalize_assets.cli.local import main

if __name__ == "__main__":
    main()
