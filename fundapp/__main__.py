"""`python -m fundapp` is the command line."""

from fundapp.cli import main

main()
