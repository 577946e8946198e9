"""`python -m vdb` is the command line."""

from vdb.cli.console_script import main

if __name__ == "__main__":
    main()
