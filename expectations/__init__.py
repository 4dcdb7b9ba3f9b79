"""The rules as data, for the person who owns data quality, and their messages in four languages."""
