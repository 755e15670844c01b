# The service as an image: web, worker and migration are commands of the same one; and the Nginx before it, as another.
#
#   docker build --tag slipway --build-arg RELEASE=1.2.3 --build-arg GIT_SHA="$(git rev-parse HEAD)" .
#   docker build --tag slipway-edge --target edge --build-arg RELEASE=1.2.3 .
#   docker run slipway [gunicorn | flask jobs worker | flask db upgrade | gunicorn --check-config]
#
# --build-arg EXTRAS="NAME ..." installs what requirements-NAME.txt lists as well. Check: make docker-test
# docs/deploy-containers.md has the rest.

FROM python:3.13.16-slim-trixie AS python


FROM python AS build
ENV PYTHONDONTWRITEBYTECODE=1

# Wheels only, each by its hash: no code of a package runs here, and no compiler is needed. Without pip inside.
RUN python -m venv --without-pip /srv/slipway/.venv
COPY requirements*.txt /tmp/
ARG EXTRAS=""
RUN set -- --requirement=/tmp/requirements.txt \
 && for extra in $EXTRAS; do set -- "$@" "--requirement=/tmp/requirements-$extra.txt"; done \
 && python -m pip --python /srv/slipway/.venv/bin/python install --quiet --disable-pip-version-check --no-input \
    --no-cache-dir --root-user-action ignore --no-compile --only-binary :all: --require-hashes "$@" \
 && python -m compileall -q --invalidation-mode unchecked-hash /srv/slipway/.venv/lib

# What is added to the base, as a tree: readable for everybody and writable for nobody but root, whatever the umask was
# where this was checked out.
WORKDIR /image/service/srv/slipway
COPY app app
COPY migrations migrations
COPY gunicorn.conf.py wsgi.py ./
COPY deploy/docker/healthcheck /image/service/usr/local/bin/healthcheck
RUN python -m compileall -q --invalidation-mode unchecked-hash -s /image/service /image/service \
 && chmod -R u=rwX,go=rX /image/service && chmod 755 /image/service/usr/local/bin/healthcheck


FROM build AS site
COPY deploy/nginx/slipway /image/edge/etc/nginx/slipway
COPY deploy/docker/edge/front.conf /image/edge/etc/nginx/slipway/front.conf
COPY deploy/docker/edge/nginx.conf /image/edge/etc/nginx/nginx.conf
COPY deploy/docker/edge/slipway.conf /image/edge/etc/nginx/conf.d/default.conf
RUN APP_ENV=testing SECRET_KEY=signs-nothing-only-static-files-are-exported DATABASE_URL='postgresql:///none?host=/nowhere' \
    /srv/slipway/.venv/bin/flask assets export /image/edge/srv/slipway/static \
 && mkdir -p /image/edge/var/log/nginx && ln -s /dev/stdout /image/edge/var/log/nginx/slipway.log \
 && chmod -R u=rwX,go=rX /image/edge


FROM nginxinc/nginx-unprivileged:1.30.5-alpine AS edge
COPY --from=site /image/edge /
USER 101:101
EXPOSE 8080
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
    CMD ["curl", "--silent", "--fail", "--output", "/dev/null", "http://127.0.0.1:8081/"]
ENTRYPOINT []
CMD ["nginx", "-e", "stderr"]

ARG RELEASE=unreleased
ARG GIT_SHA=unknown
LABEL org.opencontainers.image.title="slipway-edge" \
      org.opencontainers.image.description="Nginx before the service, with its static files" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$RELEASE" \
      org.opencontainers.image.revision="$GIT_SHA"


FROM python AS service
# The base has the standard library as source only, which would be compiled at every start where nothing can be written;
# and pip, which nobody needs here any more.
RUN python -m pip uninstall --quiet --yes --root-user-action ignore pip \
 && python -c "import ensurepip, shutil; shutil.rmtree(ensurepip.__path__[0])" \
 && python -m compileall -q --invalidation-mode unchecked-hash \
    -x '/(site-packages|idlelib|lib2to3|pydoc_data|tkinter|turtledemo)/' /usr/local/lib/python3.13
COPY --from=build /srv/slipway/.venv /srv/slipway/.venv
COPY --from=build /image/service /
WORKDIR /srv/slipway

# Nobody in /etc/passwd: a number is what Kubernetes can tell from root.
USER 10001:10001
ENV PATH=/srv/slipway/.venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    BIND=0.0.0.0:8000 \
    METRICS_BIND=0.0.0.0:8001
EXPOSE 8000 8001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["healthcheck"]
CMD ["gunicorn"]

ARG RELEASE=unreleased
ARG GIT_SHA=unknown
ENV RELEASE=$RELEASE GIT_SHA=$GIT_SHA
LABEL org.opencontainers.image.title="slipway" \
      org.opencontainers.image.description="A Flask service made for production, which proves what it claims" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$RELEASE" \
      org.opencontainers.image.revision="$GIT_SHA"
