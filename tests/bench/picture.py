def draw(found):
    return ''
