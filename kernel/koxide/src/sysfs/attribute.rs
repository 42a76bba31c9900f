// SPDX-License-Identifier: GPL-2.0-only

//! The macro that says which attributes there are.

/// The attributes of a group: an [`AttributeList`](crate::sysfs::AttributeList).
///
/// Each is a file's name with the `ID` of its [`AttributeOperations`](crate::sysfs::AttributeOperations).
///
/// # Examples
///
/// See the page of [`sysfs`](crate::sysfs). A type that does not have the operations does not compile:
///
/// ```compile_fail,E0277
/// use kernel::sysfs::{self, sysfs_attrs};
///
/// struct Nothing;
///
/// fn what() -> &'static sysfs::AttributeList<Nothing> {
///     sysfs_attrs! {
///         data: Nothing,
///         attributes: [speed: 0],
///     }
/// }
/// ```
#[macro_export]
macro_rules! sysfs_attrs {
    (
        data: $data:ty,
        attributes: [$($name:ident: $id:literal),* $(,)?] $(,)?
    ) => {{
        struct Kind;

        impl $crate::sysfs::Kind for Kind {
            type Data = $data;

            const ATTRIBUTES: &'static [$crate::sysfs::Attribute<$data>] = &[
                $($crate::sysfs::Attribute::<$data>::new::<$id>(
                    $crate::c_str!(::core::stringify!($name)),
                )),*
            ];
        }
        $crate::sysfs::attribute_list::<Kind>()
    }};
}
