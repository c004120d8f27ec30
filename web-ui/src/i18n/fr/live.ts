export const live = {
  title: 'Appels en cours',
  lead: 'Ce qui se passe sur les téléphones, seconde par seconde.',
  emptyTitle: 'Tout est calme',
  emptyText: 'Personne n’est au téléphone. Les appels apparaissent ici dès qu’ils commencent.',
  hangUp: 'Raccrocher',
  hangUpTitle: 'Mettre fin à cet appel ?',
  hangUpText: (from: string, to: string) => `La conversation entre ${from} et ${to} est coupée aussitôt.`,
  hungUp: 'L’appel est terminé.',
  recording: 'Enregistré',
  calling: 'appelle',
  since: 'Durée',
  states: { dialling: 'Appelle', ringing: 'Sonne', talking: 'En conversation', held: 'En attente' },
};
