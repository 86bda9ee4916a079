"""`python -m readiness`, and the installed command."""

import os
import resource
import sys


def main() -> None:
    """Run the command line; a bug of ours ends with 70, so that 1 can only mean NOT READY."""
    # A core file would hold every secret of this process, and of each that it starts.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # A shell's `>&-` leaves no stream at all; from here on there is always one to write to.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    try:
        from readiness.cli import app

        app()
    except Exception:
        import traceback

        from readiness.errors import ExitCode
        from readiness.text.redaction import for_terminal

        try:
            for line in traceback.format_exc().splitlines():
                sys.stderr.write(f"{' ' * (len(line) - len(line.lstrip()))}{for_terminal(line)}\n")
            sys.stderr.write("readiness: this is a bug in readiness; please report the lines above. exit=70\n")
        except OSError:
            pass  # nobody reads it; the code says it
        sys.exit(ExitCode.BUG)


if __name__ == "__main__":
    main()
