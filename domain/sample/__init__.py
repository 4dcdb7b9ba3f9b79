"""A sample: an agreement like those of a network under a framework partnership, and submissions as people make them. Organisations are invented.

The same bytes every time: no clock, one seeded generator per member and cycle, fixed dates inside the files.
"""

from domain.sample.files import SampleFile
from domain.sample.submissions import sample_files

__all__ = ["SampleFile", "sample_files"]
