"""`python -m tagger`, and the script `tagger`.

Each worker imports the module or script that the program started with, so it imports no command.
"""


def main() -> None:
    """Run `tagger`; see `tagger.cli.main`."""
    from tagger.cli import main as run  # noqa: PLC0415

    run()


if __name__ == "__main__":  # worker processes import this module under another name
    main()
