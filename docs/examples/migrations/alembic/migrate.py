"""`alembic upgrade head`, with the exit codes that the operator knows: 65 failed for good, 75 worth another try."""

import sys

from alembic.config import main
from sqlalchemy.exc import DBAPIError, OperationalError

# Lock not available, deadlock, serialization failure, and all of class 53: the server is full.
WORTH_ANOTHER_TRY = ("55P03", "40P01", "40001", "53")

try:
    main(["--raiseerr", "upgrade", "head"])
except DBAPIError as error:
    state = getattr(error.orig, "pgcode", None)
    # No SQLSTATE at all: there was no answer.
    again = (state is None and isinstance(error, OperationalError)) or (state or "").startswith(WORTH_ANOTHER_TRY)
    print(f"--- migration failed ---\nerror: {str(error.orig).strip().splitlines()[0]}", file=sys.stderr)
    if state is not None:
        print(f"sqlState: {state}", file=sys.stderr)
    sys.exit(75 if again else 65)
