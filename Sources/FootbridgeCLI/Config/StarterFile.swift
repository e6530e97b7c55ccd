/// What `footbridge config init` writes: a configuration that works when its URL is right.
enum StarterFile {
    static let text = """
        # A configuration of Footbridge. Check it:  footbridge check        Run it:  footbridge run
        # Every key:  docs/configuration.md         What is in effect:  footbridge config print
        #
        # Durations: 250ms 10s 5m 1h 3d. Sizes: 512B 64KiB 1MiB. Variables in values: ${NAME} or ${NAME:-default}.

        # Where Redis is; with TLS rediss://, or unix:///run/redis.sock?db=0. A password can stand in a file or a variable:
        #   password: { env: REDIS_PASSWORD }
        redis:
          url: "${REDIS_URL:-redis://localhost:6379/0}"
        # redis: embedded              # or: a private redis-server, run by the bridge

        # Health and metrics over HTTP: /healthz /readyz /metrics.
        # admin:
        #   listen: 127.0.0.1:9464

        # Private and loopback addresses that may be called: without this, none.
        # allow: [127.0.0.1, 10.0.0.0/8]

        # For all routes; a route's own values win.
        defaults:
          retry:
            attempts: 12               # some 34 minutes, then the entry goes to the dead letters
          webhook:
            timeout: 15s

        routes:
          orders:                      # the name, and that of the consumer group
            stream: orders
            start: new                 # if the group has to be made: new, beginning, an id or a time
            webhook:
              url: https://example.com/hooks/orders
              # Signs requests by Standard Webhooks. Make a secret:  footbridge secret new
              # sign: { secret: { env: ORDERS_SECRET } }
              # headers: { Authorization: { env: ORDERS_TOKEN } }
            # filter: '.fields.type == "order.created"'    # others are acknowledged unsent
            # rate: 100/s
            # concurrency: 64          # requests in flight, or auto

        """
}
