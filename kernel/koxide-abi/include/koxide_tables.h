/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the tables of functions that the generated C file makes: KX_ROW_<kind> is given the fields of a Rust struct in their
 * order, and KX_TABLE_<kind> the table's name and its rows. A field that Rust leaves out is 0; a macro's argument has the
 * name of the field and an underscore.
 */
#ifndef KOXIDE_TABLES_H
#define KOXIDE_TABLES_H

#define KX_NULL_0 0,
#define KX_SECOND(first, second, ...) second
#define KX_IF_(junk, yes, no) KX_SECOND(junk no, yes, 0)

/* One of two, after whether a field is left out. No expression: nothing refers to what is not taken. */
#define KX_IF(field, yes, no) KX_IF_(KX_NULL_##field, yes, no)

#endif
