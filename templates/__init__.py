"""What a report, a workbook and a profile look like: data, never code."""
