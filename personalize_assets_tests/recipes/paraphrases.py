"""Pairs of short descriptions that say the same in other words, and some that only share words."""

PAIRS = (
    (
        "A physician fights to stop an outbreak of a deadly virus in the city.",
        "Doctors race against time as a lethal plague spreads through town.",
    ),
    (
        "Robots rebel and try to wipe out mankind.",
        "Intelligent machines rise up against the human race.",
    ),
    (
        "Two lovers from feuding families meet a sad end.",
        "A romance between children of rival clans finishes in tragedy.",
    ),
    (
        "A crew is stranded on Mars and must find a way home.",
        "Astronauts marooned on the red planet struggle to return to Earth.",
    ),
    (
        "Thieves plan to rob a casino vault.",
        "A gang prepares the heist of a gambling house's safe.",
    ),
    (
        "A young wizard attends a school for sorcery.",
        "The boy learns magic at an academy for spellcasters.",
    ),
    (
        "Soldiers storm the beaches of Normandy.",
        "Troops land in France under heavy fire during World War II.",
    ),
    (
        "A shark terrorizes swimmers at a seaside resort.",
        "Bathers on the coast are hunted by a giant fish with sharp teeth.",
    ),
    (
        "A chef opens a restaurant in Paris.",
        "The cook starts his own bistro in the French capital.",
    ),
    (
        "The lawyer defends an innocent man accused of murder.",
        "An attorney represents a wrongly charged suspect in a homicide trial.",
    ),
    (
        "A puppy and a cat travel across the country to find their owners.",
        "Lost pets make a long trip back to their family.",
    ),
    (
        "An orphan becomes a champion boxer.",
        "A parentless kid wins the heavyweight title in the ring.",
    ),
    (
        "A haunted mansion frightens its new tenants.",
        "Ghosts scare the people who moved into an old house.",
    ),
    (
        "A cowboy seeks revenge on the outlaws who shot his brother.",
        "A gunslinger in the Wild West hunts the bandits that killed his sibling.",
    ),
    (
        "A pianist survives the occupation of Warsaw.",
        "The musician hides from the Nazis in Poland.",
    ),
    (
        "Penguins march over the ice to breed.",
        "A documentary about Antarctic birds raising their chicks.",
    ),
    (
        "Wireless over-ear headphones with noise cancelling.",
        "Bluetooth headset that blocks out surrounding sound.",
    ),
    (
        "Stainless steel kitchen knife set.",
        "Chef's blades made of metal that does not rust.",
    ),
    (
        "Waterproof hiking boots for men.",
        "Rugged male footwear that keeps feet dry on mountain trails.",
    ),
    (
        "Organic baby food with carrots and apples.",
        "Natural puree of vegetables and fruit for infants.",
    ),
    (
        "Cordless electric screwdriver with battery.",
        "Rechargeable power tool for driving screws.",
    ),
    (
        "Down sleeping bag for winter camping.",
        "Warm quilted bedding to spend cold nights in a tent.",
    ),
    (
        "Mirrorless camera with a zoom lens.",
        "Digital device for photography with interchangeable optics.",
    ),
    (
        "Automatic espresso machine with milk frother.",
        "Coffee maker that brews cappuccino at the press of a button.",
    ),
    (
        "Children's bicycle with training wheels.",
        "Small bike for kids who learn to ride.",
    ),
    (
        "Memory foam mattress for a double bed.",
        "Soft sleep surface that adapts to your body, queen size.",
    ),
    (
        "Smart watch that measures heart rate and steps.",
        "Wearable fitness tracker recording pulse and activity.",
    ),
    (
        "Vitamin C face cream against wrinkles.",
        "Anti-aging skin lotion with ascorbic acid.",
    ),
    (
        "The stock market falls as investors fear inflation.",
        "Shares drop on worries about rising prices.",
    ),
    (
        "The president signs a law on immigration.",
        "Head of state approves a bill regarding migrants.",
    ),
    (
        "The home team won the soccer cup final on penalties.",
        "Football club lifts the trophy after a shootout.",
    ),
    (
        "Heavy rain floods villages along the river.",
        "Downpours put settlements on the banks under water.",
    ),
)

OTHERS = (
    "A young chef hides from the outlaws in an old house.",
    "The president of the football club accused of murder.",
    "Small tent for kids with battery lamp.",
    "Digital watch with stainless steel band.",
    "Soldiers fight to stop a flood along the coast.",
    "A boy and his bike win the cup.",
    "Coffee table made of metal and glass.",
    "Soft cotton towel set for the bath, queen size.",
    "Electric heater for cold nights.",
    "The city votes on a new school law.",
    "A giant robot toy with sound and light.",
    "Old ghost town in France becomes a resort.",
    "Zoom meeting headset stand.",
    "Natural stone kitchen top, red.",
    "Rising rivals in the power market sign a deal.",
    "A documentary about the gambling market in Poland.",
)
