"""`python -m services.cli`: the `stagewire` command without its script."""

from services.cli.main import main

if __name__ == "__main__":
    main()
