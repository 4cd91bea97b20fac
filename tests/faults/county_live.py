"""`scripts/faults --county`: the faults that an office must survive, and its broker."""

import sys

from faults.county_books import CountyTally
from faults.long_run import Suite, run

SUITE = Suite(
    "scripts/faults --county",
    {"kills": (200, 25), "restores": (60, 15), "races": (200, 50), "enrolments": (2000, 2000)},
    CountyTally,
    "faults.county_job",
    job_seconds=3600.0,
)

if __name__ == "__main__":
    sys.exit(run(SUITE))
