# Two stages: the first compiles, the second holds what runs. No key, certificate or config is inside: a region's folder,
# made by `kakehashi init`, is mounted at /region.

FROM node:20-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json ./
COPY actors ./actors
COPY certs ./certs
COPY gateway ./gateway
COPY profiles ./profiles
COPY scripts ./scripts
RUN npm run build && npm prune --omit=dev

FROM node:20-bookworm-slim
ENV NODE_ENV=production
WORKDIR /opt/kakehashi
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY --from=build /build/profiles/wsdl ./profiles/wsdl
COPY LICENSE ./
RUN ln -s /opt/kakehashi/dist/scripts/kakehashi.js /usr/local/bin/kakehashi \
  && chmod 755 /opt/kakehashi/dist/scripts/kakehashi.js \
  && install -d -o node -g node -m 700 /region
USER node
VOLUME /region
WORKDIR /region
EXPOSE 8443
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["kakehashi", "check", "--live", "/region"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["kakehashi"]
CMD ["serve", "/region"]
