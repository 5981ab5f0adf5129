module.exports = globalThis[Symbol.for('kakehashi.outside')]('kysely');
