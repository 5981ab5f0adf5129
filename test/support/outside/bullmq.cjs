module.exports = globalThis[Symbol.for('kakehashi.outside')]('bullmq');
