# The operator's image: Node 24 runs the TypeScript sources as they are, so there is nothing to compile.
# It has three commands: `operator` (the default), `migrate`, which migration Jobs run, and `studio-app`, the application.
#   docker build -t studio-operator:0.1.0 .
ARG BASE=node:24-slim

FROM ${BASE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM ${BASE}
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY src ./src
COPY migrations ./migrations
COPY bin/operator bin/migrate bin/studio-app /usr/local/bin/
# The user `node` of the base image, as a number: runAsNonRoot cannot look at names.
USER 1000:1000
EXPOSE 8080
# The base image's entrypoint would run an unknown command as a script; ours are commands.
ENTRYPOINT []
CMD ["operator"]
