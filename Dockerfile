# The project, to run as server, as worker or to deploy: deploy/compose.yaml uses it for all three. It holds no settings and no secrets.
FROM python:3.11-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 fpa

WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes --requirement requirements.txt
COPY pyproject.toml prefect.yaml README.md ./
COPY deploy ./deploy
COPY domain ./domain
COPY expectations ./expectations
COPY flows ./flows
COPY tasks ./tasks
COPY templates ./templates
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --editable .

USER fpa
# Prefect copies its UI to where it serves it from, and this user may write only here.
ENV PREFECT_HOME=/home/fpa/prefect \
    PREFECT_SERVER_UI_STATIC_DIRECTORY=/home/fpa/ui \
    DO_NOT_TRACK=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
EXPOSE 4200
CMD ["python", "-m", "deploy.server"]
