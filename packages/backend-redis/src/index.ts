/** Public surface of @quorate/backend-redis. Choose it with `backend: redis` in config.yaml. */
export {};
