# Turns a text file into a C array of its lines: awk -v name=tables_x -f lines.awk FILE
# Only awk is needed, so that a release builds with a compiler and the libraries.
BEGIN {
    print "#include \"contacts/tables.h\"\n"
    printf "const char *const %s[] = {\n", name
}
{
    gsub(/\\/, "&&")
    gsub(/"/, "\\\"")
    gsub(/\t/, "\\t")
    printf "    \"%s\",\n", $0
}
END {
    printf "};\n\nconst size_t %s_count = %d;\n", name, NR
}
