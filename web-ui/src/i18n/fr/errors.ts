/** D’après le code du refus du boîtier. */
export const errors = {
  wrong_password: 'Le nom d’utilisateur ou le mot de passe est faux. Vérifiez les majuscules et réessayez.',
  too_many_attempts: 'Trop d’essais. Attendez une minute, puis réessayez.',
  setup_done: 'Ce boîtier est déjà configuré. Connectez-vous.',
  password_too_short: 'Le mot de passe est trop court : utilisez au moins 12 caractères.',
  password_too_common: 'Ce mot de passe est l’un de ceux que tout le monde essaie d’abord. Choisissez-en un autre.',
  password_contains_site_name: 'Le mot de passe contient le nom du bureau. Choisissez-en un autre.',
  not_ready: 'Le boîtier démarre encore. Attendez quelques secondes, puis réessayez.',
  undo_expired: 'Il est trop tard pour annuler.',
};
