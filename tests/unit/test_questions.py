"""What is a question, and what only looks like one; and that no question ever acts, whatever the model asks for."""

import pytest
from support.scripted_model import ScriptedModel, call, thinking_house

from roomtone_server.agent.thinking.questions import is_question

QUESTIONS = """\
is the garage door open
are the lights on in the kitchen
which windows are open
how warm is it in the living room
did somebody leave the coffee machine on
is anybody home
can you tell me if the front door is locked
could you check whether the garage is closed
do you know if the alarm is armed
tell me which lights are on
I wonder whether the reading lamp is off
I'd like to know how bright the desk lamp is
why is the bedroom fan running
where is the robot
when did the thermostat turn on
who unlocked the front door
what would happen if I turned off the heating
should I close the blinds
the front door is locked, isn't it
the kitchen light is off, right?
is it a good idea to open the kitchen window
can I turn on the light with my phone
how do I dim the reading lamp
has the vacuum cleaner finished
does the hallway light turn on at night
would you mind telling me what is on in the office
Okay, so are all the doors locked?
The lights are on?
have the lights been turned off
will it be warmer tomorrow, and should I open the window?""".splitlines()

ORDERS = """\
can you make the kitchen a bit brighter
could you please shut everything in the bedroom
would you mind turning the telly off
will you secure the front door please
why don't you dim the lights a bit
how about opening the curtains a little
shall we have some light in here
let's watch a movie
it's too dark in here
I am cold
make it cosy in the living room
please get the bedroom ready for the night
I'm going to bed
put the heating to what it was yesterday
can we have the lights a little lower
can I get some more light
could somebody open the window for me
switch off whatever is still on
is the kitchen light on? Then put it out.
if the window is open turn off the heating
when the film is over turn the lights on
have the robot clean the office for me
do the same in the bedroom
is the front door locked, and if not lock it
are the blinds open and can you close them
hey, play something quiet for me
I want the lights red
make sure that the front door is locked
would you be so kind and lock the front door
let me see a light or two""".splitlines()

# Turned on, closed, set, played: something of everything, and none of it needs a yes.
EVERYTHING = [
    call("HassTurnOn", "1", name="Desk Lamp"),
    call("HassTurnOff", "2", name="Living Room Blinds"),
    call("HassLightSet", "3", name="Kitchen Light", brightness=30),
    call("HassClimateSetTemperature", "4", temperature=17, area="everywhere"),
    call("HassMediaUnpause", "5", name="TV"),
    call("HassTurnOn", "6", name="Good Night"),
    call("HassVacuumStart", "7", name="Robot"),
    call("HassTurnOff", "8", name="Front Door"),
]


@pytest.mark.parametrize("text", QUESTIONS)
def test_it_asks(text):
    assert is_question(text, "en")


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("is the alarm set for 7 a.m. tomorrow", True),
        ("Is the alarm set for 7 a.m. Monday?", True),
        ("is it 20.5 degrees", True),
        ("Is it cold? Yes. Is it?", True),
        ("Is it cold. Turn on the heating.", False),
        ("Is the garage open? Close it!", False),
        ("It is cold; is it not?", False),
        ("set it to 20.5", False),
        ("remind me at six to call mum", False),
        ("can you remember that the key is under the pot", False),
        ("can you remember where the key is", True),
        ("could you remind me when the film begins", False),
        ("if the window is open is the heating off", True),
        ("if the window is open heat the office no more", False),
        ("why?", True),
        ("lights", False),
    ],
)
def test_of_several_sentences_one_order_is_enough(text, asks):
    assert is_question(text, "en") == asks


@pytest.mark.parametrize("text", ORDERS)
def test_it_only_looks_as_if_it_asked(text):
    assert not is_question(text, "en")


@pytest.mark.parametrize(
    ("text", "language", "asks"),
    [
        ("ist das Garagentor offen", "de", True),
        ("Das Licht ist an?", "de", True),
        ("Das Tor ist zu, oder", "de", True),
        ("kann man das Tor von hier öffnen", "de", True),
        ("lässt sich das Tor öffnen", "de", True),
        ("wäre es besser, das Fenster zu schließen", "de", True),
        ("ob die Tür wohl zu ist", "de", True),
        ("wie wäre es mit mehr Licht", "de", False),
        ("Das Licht ist an", "de", False),
        ("mach das Licht an", "de", False),
        ("Kannst du das Licht anmachen?", "de", False),
        ("Kannst du mir sagen, ob das Licht an ist", "de", True),
        ("Weißt du, wie warm es ist", "de", True),
        ("¿Puedes encender la luz?", "es", False),
        ("¿Puedes decirme si la luz está encendida?", "es", True),
        ("la puerta está abierta", "es", False),
        ("Peux-tu allumer la lumière ?", "fr", False),
        ("Est-ce qu'il fait froid", "fr", True),
        ("Le garage est-il ouvert", "fr", True),
        ("Dis-moi si la porte est ouverte", "fr", True),
        ("Puoi accendere la luce?", "it", False),
        ("È aperta la finestra", "it", True),
        ("Kun je het licht aandoen?", "nl", False),
        ("Kun je kijken of de deur dicht is?", "nl", True),
        ("?? !", "en", False),
        ("", "en", False),
        ("qaStaH nuq?", "tlh", True),
    ],
)
def test_other_languages_have_their_own_signs(text, language, asks):
    assert is_question(text, language) == asks


async def test_sixty_utterances_of_which_thirty_are_questions(tmp_path):
    """All are put to a model that wants to do everything at any occasion."""
    assert (len(QUESTIONS), len(ORDERS)) == (30, 30)
    model = ScriptedModel()
    async with thinking_house(tmp_path, model, order="llm-first") as house:

        async def put(text):
            model.will_answer(*EVERYTHING)
            model.will_answer("Well.")
            return await house.say(text, conversation=text)

        before = house.home.entities()
        for text in QUESTIONS:
            done = await put(text)
            assert (text, done.actions, done.reply) == (text, [], "Well.")
        assert house.home.entities() == before
        for text in ORDERS:
            done = await put(text)
            assert (text, len(done.actions)) == (text, len(EVERYTHING) - 1)
            assert done.reply == "Do you want me to unlock the Front Door?"
            model._script.clear()
        assert house.entity("lock.front_door").state == "locked"
