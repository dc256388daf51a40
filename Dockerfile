# syntax=docker/dockerfile:1
# Vigie for linux/amd64 and linux/arm64: docker buildx build --platform linux/amd64,linux/arm64 .
# No image is built in the project's CI (see docs/deploy.md); this file is checked by a parser and a linter.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The image brings Node 24 itself: the pinned runtime and the build tools stay out.
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund

FROM node:24-bookworm-slim
ENV NODE_ENV=production NODE_COMPILE_CACHE=/var/lib/vigie/code-cache
RUN apt-get update \
  && apt-get install -y --no-install-recommends openssl \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 --groups dialout --home-dir /var/lib/vigie vigie \
  && install -d -o vigie -g vigie /var/lib/vigie
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/package.json ./package.json
COPY --from=build /app/gateway ./gateway
COPY --from=build /app/firmware-bridge ./firmware-bridge
COPY --from=build /app/dashboard/dist ./dashboard/dist
COPY --from=build /app/config ./config
USER vigie
VOLUME ["/var/lib/vigie"]
EXPOSE 8080 1883 8883
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["node", "gateway/bin.mjs", "healthcheck"]
ENTRYPOINT ["node", "gateway/bin.mjs"]
CMD ["run", "--config", "/etc/vigie/gateway.yaml", "--data", "/var/lib/vigie"]
