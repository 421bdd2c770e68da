"""What a language model is asked, and what comes of its answer.

prompt        the home, the time          -> text: a part that stays, and a part that changes
history       what was said before        -> messages; `kept_history` over a restart
questions     what the user said          -> whether anything may be done about it
rounds        messages, tools             -> parts of a reply, calls made in between
arguments     what the model wrote        -> the arguments of a call
warming       the part that stays         -> to the model's server, ahead
draft         an answer begun ahead       -> said when it is certain that somebody wants it
thinker       joins them for one request
"""
