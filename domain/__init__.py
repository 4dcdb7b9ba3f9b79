"""What the words mean: agreement, submission, findings, indicators, SDGs, money, lineage. No I/O, no clock, no environment."""
