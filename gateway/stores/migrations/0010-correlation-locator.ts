/** Of each community that told a patient's id: whether it says by ITI-56 who else knows her. */
export const CORRELATION_LOCATOR = {
  name: '0010-correlation-locator',
  statements: [
    'ALTER TABLE correlation ADD COLUMN is_health_data_locator integer NOT NULL DEFAULT 0',
  ],
};
