"""The steps of the flows, one file per stage: Prefect and the outside world end here."""
