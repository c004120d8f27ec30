/** By the code of the box's refusal. */
export const errors = {
  wrong_password: 'The user name or the password is wrong. Check the capital letters and try again.',
  too_many_attempts: 'Too many attempts. Wait a minute, then try again.',
  setup_done: 'This box is set up already. Log in instead.',
  password_too_short: 'The password is too short: use at least 12 characters.',
  password_too_common: 'This password is one of those everybody tries first. Choose another one.',
  password_contains_site_name: 'The password contains the name of the office. Choose another one.',
  not_ready: 'The box is still starting. Wait a few seconds, then try again.',
  undo_expired: 'It is too late to take this back.',
};
