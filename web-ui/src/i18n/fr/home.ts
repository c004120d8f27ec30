import { pluriel as plural } from '../plural';

export const home = {
  welcome: 'Bienvenue',
  title: 'Accueil',
  guideTitle: 'Passez votre premier appel',
  guideLead: 'Trois étapes, deux minutes. Cette page suffit.',
  stepExtension: 'Ajoutez deux postes',
  stepExtensionText: 'Un poste est un numéro interne, par exemple 1001. Reliez-en un à la ligne analogique 1 et un autre à un téléphone SIP ou à une deuxième ligne.',
  stepExtensionAction: 'Ajouter un poste',
  stepLift: 'Décrochez',
  stepLiftText: 'Ouvrez les lignes analogiques, décrochez un téléphone et écoutez la tonalité.',
  stepLiftAction: 'Ouvrir les lignes analogiques',
  stepDial: 'Composez l’autre numéro',
  stepDialText: 'Il sonne. Répondez, parlez, raccrochez : l’appel est dans le journal.',
  stepDialAction: 'Ouvrir le journal d’appels',
  done: 'Fait',
  dismiss: 'Masquer ce guide',
  showGuide: 'Afficher le guide',
  now: 'En ce moment',
  callsUp: (n: number) => plural(n, 'appel en cours', 'appels en cours'),
  phonesConnected: (connected: number, total: number) =>
    `${connected} sur ${total} ${plural(total, 'poste joignable', 'postes joignables')}`,
  latest: 'Derniers appels',
  allCalls: 'Tout le journal',
  noCallsYet: 'Aucun appel pour l’instant. Ils apparaîtront ici dès que quelqu’un appellera.',
};
