"""`python -m vdb` is the command line."""

from vdb.cli.entry import main

if __name__ == "__main__":
    main()
