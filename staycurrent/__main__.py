"""`python -m staycurrent` is the command."""

from staycurrent.cli import main

if __name__ == "__main__":
    main()
