// SPDX-License-Identifier: GPL-2.0-only

//! The macro that says what is in a folder.

/// What is in a folder of configfs: an [`ItemType`](crate::configfs::ItemType) of its files, and of the folders in it.
///
/// Each attribute is a file's name with the `ID` of its
/// [`AttributeOperations`](crate::configfs::AttributeOperations). With a `child`, user space can make folders.
///
/// # Examples
///
/// See the page of [`configfs`](crate::configfs). A type that does not have the operations does not compile:
///
/// ```compile_fail,E0277
/// use kernel::{configfs::{self, configfs_attrs}, prelude::*};
///
/// struct Nothing;
///
/// fn what() -> &'static configfs::ItemType<configfs::Subsystem<Nothing>, Nothing> {
///     configfs_attrs! {
///         container: configfs::Subsystem<Nothing>,
///         data: Nothing,
///         attributes: [message: 0],
///     }
/// }
/// ```
#[macro_export]
macro_rules! configfs_attrs {
    (
        container: $container:ty,
        data: $data:ty,
        attributes: [$($name:ident: $id:literal),* $(,)?] $(,)?
    ) => {
        $crate::configfs_attrs!(
            @kind $container, $data, ::core::option::Option::None, [$($name: $id),*]
        )
    };
    (
        container: $container:ty,
        data: $data:ty,
        child: $child:ty,
        attributes: [$($name:ident: $id:literal),* $(,)?] $(,)?
    ) => {
        $crate::configfs_attrs!(
            @kind $container, $data,
            ::core::option::Option::Some($crate::configfs::Children::of::<$child>()),
            [$($name: $id),*]
        )
    };
    (@kind $container:ty, $data:ty, $children:expr, [$($name:ident: $id:literal),*]) => {{
        struct Kind;

        impl $crate::configfs::Kind for Kind {
            type Container = $container;
            type Data = $data;

            const ATTRIBUTES: &'static [$crate::configfs::Attribute<$data>] = &[
                $($crate::configfs::Attribute::<$data>::new::<$id>(
                    $crate::c_str!(::core::stringify!($name)),
                )),*
            ];
            const CHILDREN: ::core::option::Option<$crate::configfs::Children<$data>> = $children;
        }
        $crate::configfs::item_type::<Kind>()
    }};
}
