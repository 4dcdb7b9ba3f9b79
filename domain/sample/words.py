"""What members of the sample write, in four languages: titles, answers, suppliers. Organisations are invented; no person is named.

{place} is a town of the member's country, {grantee} a third party, {month} and {year} those of a payment. Several wordings stand for each thing, so that neighbours differ.
"""

from __future__ import annotations

Wordings = dict[str, dict[str, tuple[str, ...]]]
"""Language, then the thing spoken of, then its wordings."""

TITLES: Wordings = {
    "en": {
        "training": ("Training on labour rights for shop stewards, {place}", "Course on collective bargaining, {place}", "Training of paralegals, {place}"),
        "women": ("Leadership school for women organisers, {place}", "Exchange of women’s committees, {place}"),
        "dialogue": ("Round table with the ministry of labour, {place}", "Hearing before the parliamentary labour committee", "District dialogue on labour inspection, {place}"),
        "network": ("Meeting of the national SDG platform, {place}", "Coalition meeting on the voluntary national review"),
        "research": ("SDG monitor: data collection and drafting", "Study on wages in the informal economy"),
        "publication": ("Launch of the SDG monitor, {place}", "Policy brief on social protection"),
        "campaign": ("Campaign for a living wage, {place}", "Campaign week on safety at work, {place}"),
        "event": ("Public forum on decent work, {place}", "Youth assembly on the SDGs, {place}"),
        "protection": ("Registration days for social protection, {place}", "Savings groups of domestic workers, {place}"),
        "climate": ("Workshop on just transition, {place}", "Position paper on climate and jobs"),
        "grant": ("Small grant to {grantee}",),
    },
    "fr": {
        "training": ("Formation des délégués sur les droits au travail, {place}", "Session sur la négociation collective, {place}", "Formation de parajuristes, {place}"),
        "women": ("École de leadership des militantes, {place}", "Rencontre des comités de femmes, {place}"),
        "dialogue": ("Table ronde avec le ministère du Travail, {place}", "Audition par la commission parlementaire du travail", "Dialogue régional sur l’inspection du travail, {place}"),
        "network": ("Réunion de la plateforme nationale ODD, {place}", "Rencontre de la coalition sur l’examen national volontaire"),
        "research": ("Baromètre ODD : collecte et rédaction", "Étude sur les salaires dans l’économie informelle"),
        "publication": ("Lancement du baromètre ODD, {place}", "Note d’orientation sur la protection sociale"),
        "campaign": ("Campagne pour un salaire vital, {place}", "Semaine de la sécurité au travail, {place}"),
        "event": ("Forum public sur le travail décent, {place}", "Assemblée des jeunes sur les ODD, {place}"),
        "protection": ("Journées d’inscription à la protection sociale, {place}", "Groupes d’épargne des travailleuses domestiques, {place}"),
        "climate": ("Atelier sur la transition juste, {place}", "Prise de position sur le climat et l’emploi"),
        "grant": ("Petite subvention : {grantee}",),
    },
    "es": {
        "training": ("Taller sobre derechos laborales para delegadas y delegados, {place}", "Curso de negociación colectiva, {place}", "Formación de promotores legales, {place}"),
        "women": ("Escuela de liderazgo de mujeres, {place}", "Intercambio de comités de mujeres, {place}"),
        "dialogue": ("Mesa de diálogo con el ministerio de Trabajo, {place}", "Audiencia ante la comisión laboral del congreso", "Diálogo regional sobre inspección laboral, {place}"),
        "network": ("Reunión de la plataforma nacional ODS, {place}", "Encuentro de la coalición sobre el examen nacional voluntario"),
        "research": ("Monitor ODS: levantamiento de datos y redacción", "Estudio de salarios en la economía informal"),
        "publication": ("Presentación del monitor ODS, {place}", "Documento de posición sobre protección social"),
        "campaign": ("Campaña por un salario digno, {place}", "Semana de la seguridad en el trabajo, {place}"),
        "event": ("Foro público sobre trabajo decente, {place}", "Asamblea juvenil sobre los ODS, {place}"),
        "protection": ("Jornadas de afiliación a la seguridad social, {place}", "Grupos de ahorro de trabajadoras del hogar, {place}"),
        "climate": ("Taller sobre transición justa, {place}", "Propuesta sobre clima y empleo"),
        "grant": ("Pequeña subvención: {grantee}",),
    },
    "pt": {
        "training": ("Formação de delegados sobre direitos laborais, {place}", "Curso de negociação coletiva, {place}", "Formação de paralegais, {place}"),
        "women": ("Escola de liderança de mulheres, {place}", "Intercâmbio de comités de mulheres, {place}"),
        "dialogue": ("Mesa-redonda com o Ministério do Trabalho, {place}", "Audição na comissão parlamentar do trabalho", "Diálogo provincial sobre inspeção do trabalho, {place}"),
        "network": ("Reunião da plataforma nacional ODS, {place}", "Encontro da coligação sobre a revisão nacional voluntária"),
        "research": ("Monitor ODS: recolha de dados e redação", "Estudo sobre salários na economia informal"),
        "publication": ("Lançamento do monitor ODS, {place}", "Nota de política sobre proteção social"),
        "campaign": ("Campanha por um salário digno, {place}", "Semana da segurança no trabalho, {place}"),
        "event": ("Fórum público sobre trabalho digno, {place}", "Assembleia de jovens sobre os ODS, {place}"),
        "protection": ("Jornadas de inscrição na segurança social, {place}", "Grupos de poupança de trabalhadoras domésticas, {place}"),
        "climate": ("Oficina sobre transição justa, {place}", "Posição sobre clima e emprego"),
        "grant": ("Pequena subvenção: {grantee}",),
    },
}

ANSWERS: Wordings = {
    "en": {
        "changed": (
            "The ministry now invites us to its yearly review of labour inspection; it did not before. The minutes name our monitor.",
            "Two employers in {place} signed a first collective agreement after the round table. It covers 340 workers and is filed with the labour office.",
            "The statistics office took over our questions on unpaid care work into its household survey. Its draft questionnaire shows them.",
            "Workers’ committees in {place} keep their own record of accidents and bring it to the safety board each month.",
            "The city council of {place} opened its budget hearing to associations of street vendors. Their proposal on market fees was adopted in part.",
            "Our members quote the monitor in their own negotiations: we count eleven letters and three petitions that do so.",
        ),
        "for-whom": (
            "Above all for women in domestic work and in food processing, who had no representation before.",
            "For young workers without a contract; a third of those who came to us in {place} are below 30.",
            "For members of small unions outside the capital, who can follow the dialogue through their delegates.",
        ),
        "not-done": (
            "Two of five district meetings were not held, since roads were closed in the rainy season. They are planned for the next period.",
            "The second print of the monitor was put off; we wait for the new figures of the labour force survey.",
            "The exchange visit did not take place because visas came too late. The money was used for a regional meeting in {place}.",
            "All that was planned was done, the training in {place} with a month’s delay.",
        ),
        "obstacles": (
            "Prices of transport rose by a fifth; we combined visits and shared vehicles with partners.",
            "The labour commissioner changed twice. We now address letters to the office, not to the person, and keep a file of what was promised.",
            "Some employers threatened delegates who attended. We moved the meeting to the parish hall and informed the ombudsperson.",
            "Staff turnover in the finance office delayed the accounts by three weeks; a handover sheet is in use since.",
        ),
        "cooperation": (
            "We met the EU delegation twice, shared the draft monitor and took up its remarks on the gender chapter.",
            "The trade union federation and two women’s networks co-hosted the dialogue in {place}. The delegation sent a speaker.",
            "Relations with the ministry are regular; the regional labour office in {place} is slower to answer.",
            "We coordinate with another EU-funded project on migrant workers, so that trainings in {place} do not overlap.",
        ),
        "visibility": (
            "The emblem and the statement of funding stand on all prints and on the screen at every event.",
            "Local radio in {place} mentioned the support of the European Union in four broadcasts.",
            "The emblem is on the cover of the monitor and on the banner; the delegation’s press office shared our posts.",
        ),
    },
    "fr": {
        "changed": (
            "Le ministère nous associe désormais à la revue annuelle de l’inspection du travail. Le procès-verbal cite notre baromètre.",
            "La mairie de {place} a ouvert son débat budgétaire aux associations de vendeuses ; une partie de leur proposition sur les taxes de marché est retenue.",
            "Trois entreprises de {place} ont accepté l’élection de délégués. Les procès-verbaux sont déposés à l’inspection.",
            "L’institut de statistique a repris nos questions sur le travail domestique non rémunéré dans son enquête auprès des ménages.",
        ),
        "for-whom": (
            "Surtout pour les femmes du travail domestique et de la transformation alimentaire, sans représentation jusque-là.",
            "Pour les jeunes sans contrat : un tiers des personnes venues à nous à {place} ont moins de 30 ans.",
        ),
        "not-done": (
            "Deux réunions de cercle sur cinq n’ont pas eu lieu, les routes étant coupées pendant l’hivernage. Elles sont reportées au prochain cycle.",
            "La visite d’échange n’a pas eu lieu, les visas étant arrivés trop tard ; le montant a servi à une rencontre régionale à {place}.",
            "Le deuxième tirage du baromètre attend les nouveaux chiffres de l’enquête sur l’emploi.",
        ),
        "obstacles": (
            "Le prix du transport a augmenté d’un cinquième ; nous avons regroupé les déplacements.",
            "L’insécurité limite les missions hors de {place} ; les relais communautaires collectent les données eux-mêmes.",
            "Le directeur du travail a changé deux fois : nous gardons une fiche des engagements pris par le service.",
        ),
        "cooperation": (
            "Nous avons rencontré deux fois la délégation de l’UE et repris ses remarques sur le chapitre genre du baromètre.",
            "La centrale syndicale et deux réseaux de femmes ont organisé avec nous le dialogue de {place}.",
            "Les relations avec le ministère sont régulières ; la direction régionale de {place} répond plus lentement.",
        ),
        "visibility": (
            "L’emblème et la mention du financement figurent sur tous les imprimés et à l’écran.",
            "La radio locale de {place} a cité le soutien de l’Union européenne dans quatre émissions.",
            "L’emblème est sur la couverture du baromètre ; la délégation a relayé nos publications.",
        ),
    },
    "es": {
        "changed": (
            "El ministerio nos invita ahora a la revisión anual de la inspección laboral. El acta cita nuestro monitor.",
            "Dos empresas de {place} firmaron su primer convenio colectivo después de la mesa de diálogo; cubre a 280 personas y está registrado.",
            "El instituto de estadística incluyó nuestras preguntas sobre trabajo de cuidados en la encuesta de hogares.",
            "La alcaldía de {place} abrió la audiencia presupuestaria a las asociaciones de vendedoras; parte de su propuesta fue aprobada.",
            "Los comités de trabajadoras de {place} llevan su propio registro de accidentes y lo presentan cada mes a la inspección.",
            "Las organizaciones usan el monitor en sus negociaciones: contamos nueve cartas y dos peticiones que lo citan.",
        ),
        "for-whom": (
            "Sobre todo para mujeres del trabajo del hogar y de la maquila, que antes no tenían representación.",
            "Para jóvenes sin contrato: un tercio de quienes acudieron en {place} tiene menos de 30 años.",
            "Para sindicatos pequeños fuera de la capital, que siguen el diálogo por medio de sus delegadas.",
        ),
        "not-done": (
            "No se hicieron dos de cinco encuentros municipales por el cierre de carreteras. Quedan para el próximo período.",
            "La segunda impresión del monitor espera los datos nuevos de la encuesta de empleo.",
            "La visita de intercambio no se realizó porque las visas llegaron tarde; el monto se usó en un encuentro regional en {place}.",
            "Se hizo todo lo previsto, el taller de {place} con un mes de retraso.",
        ),
        "obstacles": (
            "Subió el precio del transporte; juntamos los viajes y compartimos vehículos con socios.",
            "Cambió dos veces la dirección de trabajo. Guardamos una ficha de los compromisos de la institución.",
            "Hubo amenazas contra delegadas en {place}; trasladamos la reunión e informamos a la defensoría.",
            "La rotación en administración retrasó la contabilidad tres semanas; ya hay una hoja de traspaso.",
        ),
        "cooperation": (
            "Nos reunimos dos veces con la delegación de la UE y recogimos sus observaciones al capítulo de género.",
            "La central sindical y dos redes de mujeres convocaron con nosotros el diálogo de {place}.",
            "La relación con el ministerio es regular; la oficina regional de {place} responde con demora.",
            "Coordinamos con otro proyecto de la UE sobre migración para no repetir talleres en {place}.",
        ),
        "visibility": (
            "El emblema y la mención del financiamiento están en todos los impresos y en pantalla.",
            "La radio local de {place} mencionó el apoyo de la Unión Europea en cuatro programas.",
            "El emblema está en la portada del monitor; la delegación compartió nuestras publicaciones.",
        ),
    },
    "pt": {
        "changed": (
            "O ministério convida-nos agora para a revisão anual da inspeção do trabalho. A ata cita o nosso monitor.",
            "Duas empresas de {place} assinaram a primeira convenção coletiva; abrange 210 pessoas e está registada.",
            "O município de {place} abriu a audiência do orçamento às associações de vendedeiras; parte da proposta foi aprovada.",
        ),
        "for-whom": (
            "Sobretudo para mulheres do trabalho doméstico e do caju, que antes não tinham representação.",
            "Para jovens sem contrato: um terço dos que vieram até nós em {place} tem menos de 30 anos.",
        ),
        "not-done": (
            "Dois de cinco encontros distritais não se realizaram, por estradas cortadas depois do ciclone. Ficam para o próximo período.",
            "A segunda tiragem do monitor espera os novos dados do inquérito ao emprego.",
        ),
        "obstacles": (
            "O preço do transporte subiu; juntámos as viagens.",
            "Depois do ciclone faltou energia em {place} durante semanas; os dados foram recolhidos em papel.",
        ),
        "cooperation": (
            "Reunimos duas vezes com a delegação da UE e seguimos as suas observações ao capítulo sobre género.",
            "A central sindical e uma rede de mulheres organizaram connosco o diálogo de {place}.",
        ),
        "visibility": (
            "O emblema e a menção do financiamento estão em todos os impressos e no ecrã.",
            "A rádio local de {place} mencionou o apoio da União Europeia em três programas.",
        ),
    },
}
"""Answers to the guiding questions."""

PANDEMIC: Wordings = {
    "en": {
        "not-done": (
            "From mid-March no meeting in person was allowed. Three trainings became online sessions of two hours; the public forum is postponed.",
            "Field work in {place} stopped for ten weeks. Interviews were held by telephone, with a third fewer respondents.",
        ),
        "obstacles": (
            "Half of the participants have no stable connection. We paid for data bundles and sent summaries by voice message.",
            "Curfew and closed borders cancelled all travel; what was saved pays for equipment to work from home.",
        ),
    },
    "fr": {
        "not-done": (
            "Depuis la mi-mars aucune réunion en présence n’était autorisée. Trois formations sont devenues des séances en ligne ; le forum public est reporté.",
            "Le travail de terrain à {place} s’est arrêté dix semaines ; les entretiens ont eu lieu par téléphone.",
        ),
        "obstacles": (
            "La moitié des participantes n’a pas de connexion stable : nous avons payé des forfaits et envoyé des résumés vocaux.",
            "Couvre-feu et frontières fermées ont annulé les voyages ; l’économie a servi à l’équipement pour le télétravail.",
        ),
    },
    "es": {
        "not-done": (
            "Desde mediados de marzo no se permitieron reuniones presenciales. Tres talleres pasaron a sesiones en línea; el foro público queda aplazado.",
            "El trabajo de campo en {place} se detuvo diez semanas; las entrevistas se hicieron por teléfono.",
        ),
        "obstacles": (
            "La mitad de las participantes no tiene conexión estable: pagamos paquetes de datos y enviamos resúmenes de voz.",
            "El toque de queda y las fronteras cerradas anularon los viajes; el ahorro se usó en equipos para trabajar desde casa.",
        ),
    },
    "pt": {
        "not-done": ("Desde meados de março não houve reuniões presenciais. Duas formações passaram para a internet; o fórum público foi adiado.",),
        "obstacles": ("Metade das participantes não tem ligação estável: pagámos pacotes de dados e enviámos resumos de voz.",),
    },
}
"""Answers of the first half of 2020 that take the place of those above."""

COMMENTS: Wordings = {
    "en": {
        "Oc2-c": (
            "Relations became regular: a focal point was named and answers within two weeks.",
            "Open at national level, cautious in the districts. Two requests for data are still without answer.",
            "The ministry asks for our figures before its own reports, which is new.",
            "Meetings take place, minutes are rarely shared.",
        ),
        "Op3.2-b": (
            "Retraining paid by the energy levy, and a seat for unions in the climate council.",
            "Protection from heat at work, first for construction and farm workers.",
            "No closure without a plan for those who work there.",
        ),
    },
    "fr": {
        "Oc2-c": (
            "Les relations sont devenues régulières : un point focal répond sous deux semaines.",
            "Ouverture au niveau national, prudence dans les régions ; deux demandes de données restent sans réponse.",
            "Le ministère demande nos chiffres avant ses propres rapports, ce qui est nouveau.",
        ),
        "Op3.2-b": ("Une protection contre la chaleur au travail, d’abord sur les chantiers et dans les champs.", "Une place des syndicats au conseil du climat et des formations de reconversion."),
    },
    "es": {
        "Oc2-c": (
            "Las relaciones son regulares: se nombró un punto focal que responde en dos semanas.",
            "Apertura en el nivel nacional, cautela en los municipios; dos solicitudes de datos siguen sin respuesta.",
            "El ministerio pide nuestros datos antes de sus informes, lo que es nuevo.",
            "Hay reuniones, pero rara vez se comparten las actas.",
        ),
        "Op3.2-b": ("Protección frente al calor en el trabajo, primero en la construcción y el campo.", "Ningún cierre sin un plan para quienes trabajan allí.", "Un lugar para los sindicatos en el consejo del clima."),
    },
    "pt": {
        "Oc2-c": ("As relações tornaram-se regulares: um ponto focal responde em duas semanas.", "Abertura a nível nacional, cautela nas províncias."),
        "Op3.2-b": ("Proteção contra o calor no trabalho, primeiro na construção e no campo.",),
    },
}
"""What qualitative indicators say."""

REMARKS: Wordings = {
    "en": {
        "online": ("Held online because of the pandemic, with fewer participants.",),
        "cancelled": ("Cancelled: the venue was closed by the authorities two days before.",),
        "postponed": ("Postponed to the next cycle because of the elections.", "Postponed until meetings are allowed again."),
        "led to": ("A working group with the ministry was set up.", "Four unions asked for the same course in their branches.", "The mayor promised an answer in writing within a month."),
        "partners": ("Federation of trade unions", "National SDG platform; law faculty", "Women’s network; labour inspectorate"),
        "description": ("Two days, participants of six districts.", "With group work on cases that participants brought along.", "Interpreted into two local languages."),
    },
    "fr": {
        "online": ("Tenue en ligne en raison de la pandémie, avec moins de participants.",),
        "cancelled": ("Annulée : la salle a été fermée par les autorités deux jours avant.",),
        "postponed": ("Reportée au cycle suivant en raison des élections.", "Reportée jusqu’à ce que les réunions soient de nouveau autorisées."),
        "led to": ("Un groupe de travail avec le ministère a été créé.", "Quatre syndicats demandent la même session dans leurs sections.", "Le maire a promis une réponse écrite dans le mois."),
        "partners": ("Centrale syndicale", "Plateforme nationale ODD ; faculté de droit", "Réseau de femmes ; inspection du travail"),
        "description": ("Deux jours, participants de six cercles.", "Avec travaux de groupe sur des cas apportés par les participantes.", "Interprétation en deux langues nationales."),
    },
    "es": {
        "online": ("Se realizó en línea por la pandemia, con menos participantes.",),
        "cancelled": ("Cancelada: las autoridades cerraron la sala dos días antes.",),
        "postponed": ("Aplazada al próximo ciclo por las elecciones.", "Aplazada hasta que se permitan reuniones."),
        "led to": ("Se creó un grupo de trabajo con el ministerio.", "Cuatro sindicatos pidieron el mismo curso para sus seccionales.", "El alcalde ofreció responder por escrito en un mes."),
        "partners": ("Central sindical", "Plataforma nacional ODS; facultad de derecho", "Red de mujeres; inspección laboral"),
        "description": ("Dos días, participantes de seis municipios.", "Con trabajo en grupos sobre casos de las participantes.", "Con interpretación a dos lenguas originarias."),
    },
    "pt": {
        "online": ("Realizada pela internet por causa da pandemia, com menos participantes.",),
        "cancelled": ("Cancelada: as autoridades fecharam a sala dois dias antes.",),
        "postponed": ("Adiada para o ciclo seguinte por causa das eleições.", "Adiada até que as reuniões voltem a ser permitidas."),
        "led to": ("Foi criado um grupo de trabalho com o ministério.", "Três sindicatos pediram o mesmo curso."),
        "partners": ("Central sindical", "Plataforma nacional ODS; faculdade de direito"),
        "description": ("Dois dias, participantes de seis distritos.", "Com interpretação em duas línguas nacionais."),
    },
}
"""Remarks on an activity."""

COSTS: Wordings = {
    "en": {
        "salary": ("Salaries, programme staff, {month}/{year}",), "office staff": ("Salary, accountant, {month}/{year}",), "per diem": ("Per diems of facilitators",),
        "transport": ("Bus tickets of participants", "Vehicle hire", "Flight and visa"), "equipment": ("Laptop", "Projector", "Headsets and licences"), "office": ("Office rent", "Electricity and internet", "Stationery"),
        "study": ("Enumerators", "Layout and translation of the monitor"), "seminar": ("Venue and meals", "Interpretation", "Hall and sound"), "prints": ("Banners", "Leaflets, 2000 copies"), "grant": ("Tranche of grant contract",),
    },
    "fr": {
        "salary": ("Salaires, équipe programme, {month}/{year}",), "office staff": ("Salaire, comptable, {month}/{year}",), "per diem": ("Indemnités des facilitateurs",),
        "transport": ("Transport des participants", "Location de véhicule", "Billet d’avion et visa"), "equipment": ("Ordinateur portable", "Vidéoprojecteur", "Casques et licences"), "office": ("Loyer du bureau", "Électricité et internet", "Fournitures"),
        "study": ("Enquêteurs", "Mise en page et traduction du baromètre"), "seminar": ("Salle et repas", "Interprétation", "Salle et sonorisation"), "prints": ("Banderoles", "Dépliants, 2000 exemplaires"), "grant": ("Tranche du contrat de subvention",),
    },
    "es": {
        "salary": ("Salarios, equipo de programa, {month}/{year}",), "office staff": ("Salario, contabilidad, {month}/{year}",), "per diem": ("Viáticos de facilitadores",),
        "transport": ("Pasajes de participantes", "Alquiler de vehículo", "Vuelo y visa"), "equipment": ("Computadora portátil", "Proyector", "Auriculares y licencias"), "office": ("Alquiler de oficina", "Luz e internet", "Papelería"),
        "study": ("Encuestadores", "Diagramación y traducción del monitor"), "seminar": ("Sala y alimentación", "Interpretación", "Sala y sonido"), "prints": ("Mantas", "Volantes, 2000 ejemplares"), "grant": ("Desembolso del contrato de subvención",),
    },
    "pt": {
        "salary": ("Salários, equipa de programa, {month}/{year}",), "office staff": ("Salário, contabilidade, {month}/{year}",), "per diem": ("Ajudas de custo dos facilitadores",),
        "transport": ("Passagens de participantes", "Aluguer de viatura", "Voo e visto"), "equipment": ("Computador portátil", "Projetor", "Auscultadores e licenças"), "office": ("Renda do escritório", "Energia e internet", "Material de escritório"),
        "study": ("Inquiridores", "Paginação e tradução do monitor"), "seminar": ("Sala e refeições", "Interpretação", "Sala e som"), "prints": ("Faixas", "Folhetos, 2000 exemplares"), "grant": ("Desembolso do contrato de subvenção",),
    },
}  # fmt: skip
"""Descriptions of costs."""

SUPPLIERS: Wordings = {
    "en": {
        "transport": ("{place} Express", "Swift Car Hire", "Open Skies Travel"), "equipment": ("Digital Corner {place}",), "office": ("Old Mill Properties", "City Power & Net"), "study": ("Fieldwork Associates", "Plain Page Studio"),
        "seminar": ("Harbour Hotel {place}", "Greenfield Conference Centre"), "prints": ("Bright Ink Printers",),
    },
    "fr": {
        "transport": ("Transports Réunis de {place}", "Location Savane", "Voyages Plein Ciel"), "equipment": ("Infotech {place}",), "office": ("Immobilière du Marché", "Énergie & Réseau"), "study": ("Cabinet Étude & Conseil", "Atelier La Page"),
        "seminar": ("Hôtel du Baobab, {place}", "Centre Saint-Luc"), "prints": ("Imprimerie du Fleuve",),
    },
    "es": {
        "transport": ("Transportes Unidos {place}", "Renta Autos del Valle", "Viajes Cielo Abierto"), "equipment": ("Compu Centro {place}",), "office": ("Inmobiliaria El Portal", "Luz y Red"), "study": ("Consultores Asociados", "Taller La Página"),
        "seminar": ("Hotel Los Volcanes, {place}", "Casa de Retiros Santa Rosa"), "prints": ("Imprenta La Estrella",),
    },
    "pt": {
        "transport": ("Transportes Litoral", "Aluguer Savana", "Viagens Céu Aberto"), "equipment": ("Infocentro {place}",), "office": ("Imobiliária da Baixa", "Energia e Rede"), "study": ("Estudos e Apoio", "Oficina da Página"),
        "seminar": ("Hotel Palmar, {place}", "Centro de Conferências Chaimite"), "prints": ("Gráfica do Índico",),
    },
}  # fmt: skip
PAYROLL = {"en": "Payroll", "fr": "Paie", "es": "Planilla", "pt": "Folha salarial"}

RISKS = {
    "en": ("Delegates lose their jobs for taking part", "Names stay off lists that leave the office; legal aid is on call"),
    "fr": ("Nouvelles coupures de routes par l’insécurité", "Relais dans chaque cercle, suivi par téléphone"),
    "es": ("Criminalización de dirigentes sindicales", "Acompañamiento legal y protocolo con la defensoría"),
    "pt": ("Época ciclónica", "Calendário concentrado entre maio e outubro"),
}
"""A risk and the answer to it."""

STORIES = {
    "en": "“I had cleaned houses for eleven years before I heard that I may ask for a contract. Now I show others where to ask.”",
    "es": "«Antes no sabíamos que el seguro también era para nosotras. Hoy acompaño a otras a inscribirse.»",
}
VISIBLE = {
    "en": ("SDG monitor, printed", "Web page of the project"), "fr": ("Baromètre ODD imprimé", "Page internet du projet"), "es": ("Monitor ODS impreso", "Página web del proyecto"), "pt": ("Monitor ODS impresso", "Página do projeto"),
}  # fmt: skip
YES = {"en": "yes", "fr": "oui", "es": "sí", "pt": "sim"}
NO = {"en": "no", "fr": "non", "es": "no", "pt": "não"}

REFORMS = {
    ("andina-bo", "2019-H1"): {
        "what_changed": "El órgano legislativo aprobó el aumento del salario mínimo de las trabajadoras del hogar y su registro obligatorio en la seguridad social.",
        "who_changed_it": "Comisión laboral del legislativo; ministerio de Trabajo",
        "process": "Dos audiencias públicas, tres mesas técnicas y una carta conjunta de nueve organizaciones entre febrero y mayo.",
        "our_contribution": "Datos del monitor ODS, redacción de dos artículos, vocería de las organizaciones de trabajadoras.",
        "sdg": "8.8; 1.3; 5.4",
        "evidence": "Gaceta oficial; acta de la comisión",
    },
    ("haki-ke", "2019-H2"): {
        "what_changed": "The county assembly of Mombasa adopted an ordinance that gives dock workers on daily contracts the same safety equipment as permanent staff.",
        "who_changed_it": "County assembly; port authority",
        "process": "A petition in July, a site visit of the committee in September, adoption in November.",
        "our_contribution": "Accident records kept by workers’ committees, a draft text, a hearing.",
        "sdg": "8.8; 16.7",
        "evidence": "County gazette, November 2019",
    },
    ("teranga-sn", "2020-H1"): {
        "what_changed": "Le décret d’application étend l’assurance maladie aux travailleuses domestiques et aux vendeuses des marchés.",
        "who_changed_it": "Ministère du Travail ; agence de la couverture maladie",
        "process": "Note d’orientation en novembre, dialogue national en janvier, consultation écrite pendant le confinement.",
        "our_contribution": "Chiffres du baromètre, rédaction de l’article sur l’inscription, coalition de sept associations.",
        "sdg": "1.3=60; 3.8=20; 8.8=20",
        "evidence": "Journal officiel ; courrier du ministère",
    },
    ("zambeze-mz", "2020-H1"): {
        "what_changed": "O subsídio social de emergência passou a incluir vendedeiras e trabalhadoras domésticas sem contrato.",
        "who_changed_it": "Instituto de ação social; conselho municipal da Beira",
        "process": "Carta aberta em abril, reunião com o instituto em maio, lista de beneficiárias revista em junho.",
        "our_contribution": "Listas das associações, dados do monitor, acompanhamento da inscrição.",
        "sdg": "1.3; 10.2",
        "evidence": "Despacho do instituto, junho de 2020",
    },
}
"""Results of advocacy by member and cycle: rows of the outcomes sheet without date and country."""

NETWORK: dict[str, dict[str, str]] = {
    "2019-H1": {
        "summary": "In its first half year the network set up its **SDG monitors** in thirteen partner countries and trained those who will speak with them in public. Members "
        "published first studies, met labour ministries and prepared the small grants that reach local organisations.\n\nOne reform was adopted: in Bolivia domestic workers "
        "obtained a higher minimum wage and compulsory registration with social security. The intervention logic holds and the logframe is unchanged. Outputs run as planned; "
        "outcomes on women’s leadership move more slowly. One member, in South Africa, could not report in time; its figures will follow with the next report.\n",
        "cooperation": "The steering group of all members met twice, and the working group on finance every month. Authorities were open in most countries; where they were not, "
        "members worked with ombuds institutions and parliaments. Members met the EU delegations in eleven countries.\n",
        "visibility": "All publications carry the emblem and the statement of funding. The delegations were invited to every launch, and spoke at six. There is no objection to "
        "the publication of results.\n",
    },
    "2020-H1": {
        "summary": "In the year covered by this report members moved **from evidence to agreements**. The monitors are cited in parliaments and by statistics offices, and dialogues "
        "with labour authorities have become regular in most countries. Three reforms were adopted, in Kenya, Senegal and Mozambique, one of them as an answer to the pandemic.\n\n"
        "From March 2020 meetings in person stopped. Members moved trainings online, with fewer participants, and spent on equipment what was saved on travel; travel of 2019 "
        "nevertheless exceeds its heading and is explained in the financial report. The target for people trained was raised by addendum 1. Targets for outputs are within reach.\n",
        "results": "Most indicators stand where the plan expects them, or beyond. Two lag behind. **Social protection** spreads more slowly than planned, since registration offices were "
        "closed from March to May 2020; where the law allows it, members now register people by telephone. **Invitations to consultations** came late in four countries, and the "
        "coalitions there have asked for a yearly calendar.\n",
        "variations": "**Travel (heading 2)** is above its budget because the regional meetings of 2019 were held in person in three places instead of one. Since March 2020 hardly any "
        "travel has been paid, and the next period will bring the heading back towards its budget; an addendum is asked for with this report.\n",
        "cooperation": "Members in the same region now prepare dialogues together: the Andean members held theirs jointly in each cycle. Relations with ministries held through "
        "the pandemic, mostly in writing. Synergies with other EU-funded projects on migration and on social protection avoided double training.\n\n"
        "The member in South Africa left the action on 31 March 2020; its records were handed over to the coordinator.\n",
        "visibility": "The emblem and the statement of funding stand on all publications, on the screens of online meetings and on equipment bought by the action. Four members "
        "reported on local radio. There is no objection to the publication of results.\n",
        "action-plan": "In the next period members will:\n\n- hold the national dialogues postponed from spring, in person or online,\n- publish the regional synthesis of the "
        "monitors,\n- open the campaign for social protection of informal workers in all countries,\n- close the first small grants and check their accounts,\n"
        "- propose a reallocation between the headings for travel and seminars.\n",
    },
}
"""The network's own texts in English by cycle and section. The first report still lacks its action plan."""
