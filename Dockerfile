# The image for web, worker and beat; docker-compose.yml says which process runs where.
# Behind a mirror: --build-arg REGISTRY=docker.m.daocloud.io --build-arg PYPI=https://mirrors.aliyun.com/pypi/simple
ARG REGISTRY=docker.io
ARG PYTHON=3.13

FROM ${REGISTRY}/library/python:${PYTHON}-slim-bookworm AS build
ARG PYPI=https://pypi.org/simple
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /app
RUN pip install --no-cache-dir --root-user-action=ignore --index-url "$PYPI" uv==0.13.9
COPY pyproject.toml uv.lock ./
# uv takes the addresses of the lock; a mirror gets the same versions, checked by the same hashes
RUN if [ "$PYPI" = https://pypi.org/simple ]; then \
        UV_PROJECT_ENVIRONMENT=/venv uv sync --frozen --no-default-groups; \
    else \
        uv venv /venv && uv export --frozen --no-default-groups --output-file /tmp/locked.txt && \
        uv pip sync --python /venv/bin/python --default-index "$PYPI" --require-hashes /tmp/locked.txt; \
    fi
RUN uv export --frozen --only-group build --output-file /tmp/tools.txt && \
    uv venv /tools && uv pip sync --python /tools/bin/python --default-index "$PYPI" --require-hashes /tmp/tools.txt
COPY manage.py ./
COPY config config
COPY linlingtong linlingtong
COPY locale locale
COPY static static
COPY templates templates
RUN /tools/bin/python -m config.messages
# the values are of the build only, nothing of them is stored; what is ignored belongs to pages that we do not have
RUN PRODUCTION=on SECRET_KEY="$(/venv/bin/python -c 'import secrets; print(secrets.token_hex(40))')" \
    SITE_URL=https://build.invalid ALLOWED_HOSTS=build.invalid TRUSTED_PROXIES=127.0.0.1 \
    DATABASE_URL=postgres://build.invalid/build REDIS_URL=redis://build.invalid \
    SMS_BACKEND=linlingtong.delivery.sms.AliyunBackend \
    /venv/bin/python manage.py collectstatic --noinput --verbosity 0 --ignore redoc --ignore rest_framework --ignore django_htmx
RUN /venv/bin/python -m compileall -q manage.py config linlingtong

FROM ${REGISTRY}/library/python:${PYTHON}-slim-bookworm AS product
RUN groupadd --gid 10001 app && \
    useradd --uid 10001 --gid app --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin app && \
    install --directory --owner 10001 --group 10001 /data /data/media /data/backups
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PRODUCTION=on \
    MEDIA_ROOT=/data/media \
    BACKUP_DIR=/data/backups
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s --retries=3 CMD ["python", "-m", "config.healthcheck.web"]
CMD ["python", "-m", "config.web"]

# with PostgreSQL's own programs, for backup and restore
FROM product AS tools
ARG POSTGRES=18
USER 0:0
# the newest of the distribution, as everything else of it
# hadolint ignore=DL3008
RUN apt-get update && \
    apt-get install --yes --no-install-recommends ca-certificates postgresql-common && \
    /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y && \
    apt-get install --yes --no-install-recommends "postgresql-client-$POSTGRES" && \
    rm -rf /var/lib/apt/lists/*
USER 10001:10001
HEALTHCHECK NONE
CMD ["python", "manage.py", "backup"]

# what `docker build .` makes
FROM product
