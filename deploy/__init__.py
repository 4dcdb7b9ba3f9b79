"""Running on a Prefect server: here in one command (`make up`), or on a host (README.md)."""
