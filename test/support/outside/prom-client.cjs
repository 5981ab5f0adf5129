module.exports = globalThis[Symbol.for('kakehashi.outside')]('prom-client');
