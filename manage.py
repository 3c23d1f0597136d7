#!/usr/bin/env python
"""Django's command line; starts the servers beside the code for the commands that need them."""

import sys

from django.core.management import execute_from_command_line

from config import embedded, entry

WITHOUT_SERVERS = {
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "spectacular",
    "startapp",
    "version",
}


def needs_servers(arguments: list[str]) -> bool:
    if not arguments or arguments[0].startswith("-") or {"--help", "-h", "--version"} & set(arguments):
        return False
    return arguments[0] not in WITHOUT_SERVERS or "--database" in arguments


def main() -> None:
    entry.prepare()
    if needs_servers(sys.argv[1:]):
        try:
            entry.start_servers()
        except embedded.EmbeddedServersFailed as failure:
            sys.exit(str(failure))
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
