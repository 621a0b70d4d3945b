"""What is measured of contactd alone: two workers beside one, and answers while a publish commits."""


def run(site, arguments, figures):
    return {}
