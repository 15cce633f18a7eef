"""`python -m benchmarks.endurance`."""

import sys

from .run import main

sys.exit(main())
