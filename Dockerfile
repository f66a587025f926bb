# The operator's image: Node 24 runs the TypeScript sources as they are, so there is nothing to compile.
# It has three commands: `operator` (the default), `migrate`, which migration Jobs run, and `app`, the application.
#   docker build -t studio-operator:0.1.0 .
#
# The stages begin with what the arguments name. Tags move; for a release give digests, as the registry has them that day:
#   docker build --build-arg NODE=node:24-slim@sha256:... --build-arg BASE=gcr.io/distroless/cc-debian12@sha256:... .
# NODE is only built in: Node at /usr/local/bin/node, npm, and a shell. BASE is what runs: glibc and libstdc++, nothing else is needed.
ARG NODE=node:24-slim
ARG BASE=gcr.io/distroless/cc-debian12

FROM ${NODE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund
COPY dev/image/prune-node-modules.mjs ./
RUN node prune-node-modules.mjs node_modules

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="studio-operator" \
      org.opencontainers.image.description="A Kubernetes operator that gives every studio of a SaaS platform its own PostgreSQL database" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production PATH=/app/bin:/usr/local/bin:/usr/bin:/bin
WORKDIR /app
COPY --from=dependencies /usr/local/bin/node /usr/local/bin/node
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY bin ./bin
COPY migrations ./migrations
COPY src ./src
# A number: runAsNonRoot cannot look at names.
USER 1000:1000
EXPOSE 8080
# An entrypoint of the base would come before our commands.
ENTRYPOINT []
CMD ["operator"]
